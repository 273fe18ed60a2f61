"""The closed lists of words that the API knows."""

from catalogsync.sandbox.checks import ANY_TEXT, Choice, Kind, ListOf, Number, Text, Truth

MODEL_TYPES = frozenset(
    {
        "custom",
        "elevenlabs-voice",
        "flux.1",
        "flux.1-composition",
        "flux.1-kontext-dev",
        "flux.1-kontext-lora",
        "flux.1-krea-dev",
        "flux.1-krea-lora",
        "flux.1-lora",
        "flux.1-pro",
        "flux.1.1-pro-ultra",
        "flux.2-dev-edit-lora",
        "flux.2-dev-lora",
        "flux.2-klein-4b-edit-lora",
        "flux.2-klein-4b-lora",
        "flux.2-klein-9b-edit-lora",
        "flux.2-klein-9b-lora",
        "flux.2-klein-base-4b-edit-lora",
        "flux.2-klein-base-4b-lora",
        "flux.2-klein-base-9b-edit-lora",
        "flux.2-klein-base-9b-lora",
        "flux1.1-pro",
        "gpt-image-1",
        "qwen-image-2512-lora",
        "qwen-image-edit-2509-lora",
        "qwen-image-edit-2511-lora",
        "qwen-image-edit-lora",
        "qwen-image-lora",
        "zimage-de-turbo-lora",
        "zimage-lora",
        "zimage-turbo-lora",
    }
)

RETIRED_TYPES = frozenset(
    {
        "sd-1_5",
        "sd-1_5-lora",
        "sd-1_5-composition",
        "sd-xl",
        "sd-xl-lora",
        "sd-xl-composition",
    }
)


def is_trainable(model_type: str) -> bool:
    """Whether models of a type are made by training."""
    return model_type.endswith("-lora") or model_type == "elevenlabs-voice"


EPOCH_TYPES = frozenset({"flux.1-lora", "flux.1-kontext-lora"})

STATUSES = frozenset({"copying", "failed", "new", "trained", "training", "training-canceled"})

LISTED_STATUSES = frozenset({"new", "training", "trained", "failed"})

UPLOAD_KINDS = frozenset({"3d", "asset", "audio", "avatar", "image", "model", "text", "video"})

UPLOAD_SOURCES = frozenset({"civitai", "huggingface", "multipart", "other", "url"})

UPLOAD_STATUSES = frozenset(
    {"complete", "failed", "imported", "pending", "validated", "validating"}
)

JOB_TYPES = frozenset(
    {
        "flux-model-training",
        "model-download",
        "model-import",
        "model-training",
        "musubi-model-training",
        "upload",
    }
)

JOB_STATUSES = frozenset(
    {
        "canceled",
        "failure",
        "finalizing",
        "in-progress",
        "pending",
        "queued",
        "success",
        "warming-up",
    }
)

ASSET_KINDS = frozenset({"3d", "audio", "image", "text", "video"})

MODEL_SOURCES = frozenset({"civitai", "huggingface", "other", "scenario"})

MODEL_CAPABILITIES = ("txt2img", "img2img", "inpaint")

EDIT_CAPABILITIES = (
    "REMOVE_BACKGROUND",
    "REFINE",
    "PIXELATE",
    "PROMPT_EDITING",
    "UPSCALE",
    "UPSCALE_360",
    "DETECTION",
    "VECTORIZATION",
    "SEGMENTATION",
    "REFRAME",
    "GENERATIVE_FILL",
)

_TEXTS = (
    "age",
    "classPrompt",
    "cloneType",
    "conceptPrompt",
    "gender",
    "language",
    "validationPrompt",
    "voiceDescription",
)
_NUMBERS = (
    "learningRate",
    "learningRateUnet",
    "nbEpochs",
    "nbRepeats",
    "numTextTrainSteps",
    "numUNetTrainSteps",
    "priorLossWeight",
    "randomCropRatio",
    "randomCropScale",
    "seed",
    "textEncoderTrainingRatio",
    "validationFrequency",
)
_TRUTHS = ("randomCrop", "removeBackgroundNoise", "scaleLr")
_LISTS = ("samplePrompts", "sampleSourceImages")

_SCHEDULERS = (
    "constant",
    "constant-with-warmup",
    "cosine",
    "cosine-with-restarts",
    "linear",
    "polynomial",
)

# The training parameters, with the limits that hold for every type.
PARAMETERS: dict[str, Kind] = {
    **dict.fromkeys(_TEXTS, ANY_TEXT),
    **dict.fromkeys(_NUMBERS, Number()),
    **dict.fromkeys(_TRUTHS, Truth()),
    **dict.fromkeys(_LISTS, ListOf(ANY_TEXT, most=100)),
    "batchSize": Number(1, 4),
    "learningRateTextEncoder": Number(0.000001, 0.001),
    "lrScheduler": Choice(_SCHEDULERS, "a scheduler"),
    "maxTrainSteps": Number(0, 10_000),
    "optimizeFor": Choice(("likeness",), "something to optimize for"),
    "rank": Number(2, 128),
    "wandbKey": Text(longest=40),
}
