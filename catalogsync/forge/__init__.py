"""GitHub and GitLab: one comment that follows a pull request, and what a job tells its runner."""
