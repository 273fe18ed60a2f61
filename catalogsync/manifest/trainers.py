"""Which types are made by training, and which of its parameters they take."""

from collections.abc import Iterator, Mapping
from typing import Any

_FLUX_LORA = frozenset(
    (
        "batchSize",
        "learningRateTextEncoder",
        "nbEpochs",
        "nbRepeats",
        "optimizeFor",
        "samplePrompts",
        "sampleSourceImages",
    )
)
_VOICE = frozenset(
    ("age", "cloneType", "gender", "language", "removeBackgroundNoise", "voiceDescription")
)
_RETIRED = frozenset(
    (
        "classPrompt",
        "learningRateUnet",
        "lrScheduler",
        "numTextTrainSteps",
        "numUNetTrainSteps",
        "priorLossWeight",
        "randomCrop",
        "randomCropRatio",
        "randomCropScale",
        "scaleLr",
        "seed",
        "textEncoderTrainingRatio",
        "validationFrequency",
        "validationPrompt",
    )
)
_MOST_STEPS, _WIDEST = 10_000, 64
_TEXT_ENCODER = (0.000001, 0.001)


def is_trained(model_type: str) -> bool:
    """Whether there is a trainer for a type: for LoRAs, voices, and what is retired."""
    return model_type.endswith("-lora") or model_type in ("elevenlabs-voice", "sd-1_5", "sd-xl")


def misfits(parameters: Mapping[str, Any], model_type: str) -> Iterator[tuple[str, str, str]]:
    """The parameters that the API does not take for a type: the name, why, and what to do."""
    is_flux, is_retired = model_type.startswith("flux"), model_type.startswith("sd-")
    families = (
        (_FLUX_LORA, "Flux LoRAs", is_flux),
        (_VOICE, "voices of ElevenLabs", model_type == "elevenlabs-voice"),
        (_RETIRED, "the retired Stable Diffusion types", is_retired),
    )
    for name in parameters:
        for names, whose, fits in families:
            if name in names and not fits and not (is_retired and name in _SHARED):
                yield name, f"the API takes it only for {whose}", "take it out"
    yield from _out_of_range(parameters, model_type, is_flux=is_flux)
    images, prompts = parameters.get("sampleSourceImages"), parameters.get("samplePrompts", [])
    if isinstance(images, list) and isinstance(prompts, list) and len(images) != len(prompts):
        message = f"{len(images)} images for {len(prompts)} prompts"
        yield "sampleSourceImages", message, "give as many as samplePrompts"


_SHARED = frozenset(("learningRateTextEncoder",))
"""Of the parameters of Flux LoRAs those that the retired types have too."""


def _out_of_range(
    parameters: Mapping[str, Any], model_type: str, *, is_flux: bool
) -> Iterator[tuple[str, str, str]]:
    """The numbers that a type takes in a narrower range than others do."""
    limits = {
        "maxTrainSteps": (0, _MOST_STEPS, is_flux),
        "rank": (2, _WIDEST, model_type.startswith("flux.1")),
        "learningRateTextEncoder": (*_TEXT_ENCODER, is_flux),
    }
    for name, (least, most, holds) in limits.items():
        value = parameters.get(name)
        if holds and isinstance(value, int | float) and not least <= value <= most:
            yield (
                name,
                f"{value:g} is out of range for {model_type}",
                (f"write a number from {least:.6f}".rstrip("0").rstrip(".") + f" to {most:g}"),
            )
