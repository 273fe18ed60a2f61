"""The parameters of trainings as the API takes them."""

from catalogsync.model import ModelSpec, Parameter, Parameters


def parameters_of(spec: ModelSpec) -> dict[str, object]:
    """What the manifest wants the model to be trained with; the rest is the server's choice."""
    return as_sent(spec.training_parameters or ())


def as_sent(parameters: Parameters) -> dict[str, object]:
    """Parameters as JSON has them; whole numbers without a point."""
    return {name: _sent(value) for name, value in parameters}


def _sent(value: Parameter) -> object:
    if isinstance(value, tuple):
        return list(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value
