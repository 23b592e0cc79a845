{{html .html}} {{js .html}} {{urlquery .html " +é"}} {{html 1 2 "x"}} {{html .nil .missing}} {{js "\u2028\u0001=" 1}} {{html (bytes "<")}} {{html (err "<x>")}}
{{upper 1}}
{{upper .n}}
{{upper nil}}
{{upper .nil}}
{{upper .missing}}