"""Dates in attributes: RFC 3339 in UTC, to the second."""

load(":errors.bzl", "refuse")

visibility("//rules/...")

_EXAMPLE = "write a date that exists, such as 2031-01-01T00:00:00Z"
_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

def _number(digits):
    # int() also accepts a sign and an underscore.
    return int(digits) if digits.isdigit() else -1

def _days_in_month(year, month):
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 29 if month == 2 and leap else _DAYS[month - 1]

def date_error(date):
    """Returns the problem of a date.

    Args:
      date: The date, a string.

    Returns:
      A string that says what to write instead, or None if the date exists in the calendar.
    """
    if len(date) != 20 or [date[4], date[7], date[10], date[13], date[16], date[19]] != ["-", "-", "T", ":", ":", "Z"]:
        return _EXAMPLE
    year, month, day = _number(date[0:4]), _number(date[5:7]), _number(date[8:10])
    hour, minute, second = _number(date[11:13]), _number(date[14:16]), _number(date[17:19])
    if year < 1 or month < 1 or month > 12 or day < 1 or day > _days_in_month(year, month):
        return _EXAMPLE
    if hour < 0 or hour > 23 or minute < 0 or minute > 59 or second < 0 or second > 59:
        return _EXAMPLE
    return None

def check_date(label, attribute, date):
    """Fails if an attribute is neither empty nor a date.

    Args:
      label: The Label of the rule, as the user wrote it.
      attribute: The attribute's name.
      date: Its value, a string.
    """
    problem = date_error(date) if date else None
    if problem:
        refuse(label, attribute, date, problem)
