module weir/tests/peers/gotemplate

go 1.24
