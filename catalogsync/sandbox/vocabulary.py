"""The closed lists of words that the API knows."""

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

# The training parameters, and what Python type the JSON of each becomes.
PARAMETERS: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(_TEXTS, (str,)),
    **dict.fromkeys(_NUMBERS, (int, float)),
    **dict.fromkeys(_TRUTHS, (bool,)),
    **dict.fromkeys(_LISTS, (list,)),
}
