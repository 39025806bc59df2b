"""What somebody in danger is told: from reviewed wording and a table of lines, never made up on the way."""
