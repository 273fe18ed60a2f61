"""The closed lists of words that the API knows."""

from catalogsync.sandbox.checks import ANY_TEXT, Kind, ListOf, Number, Truth

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

EPOCH_TYPES = frozenset({"flux.1-lora", "flux.1-kontext-lora"})

STATUSES = frozenset({"copying", "failed", "new", "trained", "training", "training-canceled"})

LISTED_STATUSES = frozenset({"new", "training", "trained", "failed"})

UPLOAD_KINDS = frozenset({"3d", "asset", "audio", "avatar", "image", "model", "text", "video"})

UPLOAD_SOURCES = frozenset({"civitai", "huggingface", "multipart", "other", "url"})

UPLOAD_STATUSES = frozenset(
    {"complete", "failed", "imported", "pending", "validated", "validating"}
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
    "lrScheduler",
    "optimizeFor",
    "validationPrompt",
    "voiceDescription",
    "wandbKey",
)
_NUMBERS = (
    "batchSize",
    "learningRate",
    "learningRateTextEncoder",
    "learningRateUnet",
    "maxTrainSteps",
    "nbEpochs",
    "nbRepeats",
    "numTextTrainSteps",
    "numUNetTrainSteps",
    "priorLossWeight",
    "randomCropRatio",
    "randomCropScale",
    "rank",
    "seed",
    "textEncoderTrainingRatio",
    "validationFrequency",
)
_TRUTHS = ("randomCrop", "removeBackgroundNoise", "scaleLr")
_LISTS = ("samplePrompts", "sampleSourceImages")

# The training parameters.
PARAMETERS: dict[str, Kind] = {
    **dict.fromkeys(_TEXTS, ANY_TEXT),
    **dict.fromkeys(_NUMBERS, Number()),
    **dict.fromkeys(_TRUTHS, Truth()),
    **dict.fromkeys(_LISTS, ListOf(ANY_TEXT, most=100)),
}
