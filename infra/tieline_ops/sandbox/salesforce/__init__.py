"""Salesforce Case."""
