{{(thing "n" 3 nil).Join}}
{{(thing "n" 3 nil).Fail}}
{{(thing "n" 3 nil).Nope}}
{{(thing "n" 3 nil).Name 1}}
{{(nilthing).Double 1}}
{{fails "because"}}