"""All automations at a glance: sums, what needs somebody, how the day went, how late ticks are."""
