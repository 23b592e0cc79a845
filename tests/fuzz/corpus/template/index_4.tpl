{{len (index .m "b")}}
{{index .m "missing"}}
{{index .m "missing"}}