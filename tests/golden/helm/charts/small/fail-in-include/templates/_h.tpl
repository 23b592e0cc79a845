{{ define "f" }}{{ fail "deep down
second line" }}{{ end }}