"""GitOps for a Scenario model catalog: manifests in Git, plan, review, apply."""

__version__ = "0.1.0"
