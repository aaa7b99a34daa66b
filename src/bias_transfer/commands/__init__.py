"""Commands that are no stage of a study: audit, transfer, swap, validate, launch, verify, …"""
