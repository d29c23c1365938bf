"""What automations and runs came to: read out of the store, as models that become JSON and tables."""
