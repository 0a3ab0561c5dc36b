// Adds live updates to pages that work without it. Text is set as text, never as HTML.
