"""How cameras stand and why: rules, pauses, outages, common causes, timeline."""
