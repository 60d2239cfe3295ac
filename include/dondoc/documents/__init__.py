"""Official documents as .docx: templates of the office, pages that are not torn, how names and days are written."""
