"""Many links: a project of hundreds, and what it needs of AWS, held against AWS's quotas."""
