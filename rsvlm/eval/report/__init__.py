"""Results as a page for people: one offline HTML file, or Markdown with its pictures beside it."""

from .writing import write_comparison, write_report

__all__ = ["write_comparison", "write_report"]
