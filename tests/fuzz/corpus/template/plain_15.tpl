{{break}}
{{continue}}
{{break 1}}
{{nope}}
{{nope .x}}
{{.x | nope}}