"""The section of the policy that groups what comes in a storm."""

STORMS = "\nstorms: {group: {by: [category, author], within: 10m, after: 5}}\n"
