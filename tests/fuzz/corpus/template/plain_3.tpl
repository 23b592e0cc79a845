{{true}} {{false}}
{{nil}}
{{$ := 5}}{{$}}
{{and 1 0 2}} {{and 1 2}} {{or 0 "" 3}} {{or 0 ""}}| {{and .o .missing.x.y}} {{1 | and 2}} {{0 | or 0}} {{not 0}} {{not .m}}
{{or .t (fails "not reached")}}
{{and .t (fails "reached")}}