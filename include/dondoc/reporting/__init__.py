"""The weekly report to UBND tỉnh: figures at a moment, a document, a workbook, an e-mail, and its approval."""
