"""Answers to what arrived: one a mail, composed after all that it brought is judged, which says only what is true."""
