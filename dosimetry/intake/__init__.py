"""Workbooks and tables as clinics keep them, written as patient file and measurements."""
