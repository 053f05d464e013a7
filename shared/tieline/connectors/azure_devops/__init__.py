"""Azure DevOps Boards: the work items of one type in one project."""
