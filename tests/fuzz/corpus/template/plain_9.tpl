{{nilany.x}}
{{nil.x}}
{{(nilthing).Name}}
{{(thing "n" 3 .m).Name}} {{(thing "n" 3 .m).Count}} {{(thing "n" 3 .m).Inner.a}} {{(thing "n" 3 nil).Double 4}} {{4 | (thing "n" 3 nil).Double}} {{(thing "n" 3 nil).Join "a" "b" "c"}} {{(word "w").String}}
{{(thing "n" 3 nil).Double "x"}}
{{(thing "n" 3 nil).Double}}