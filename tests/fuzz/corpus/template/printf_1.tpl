{{printf "%v %+v %#v %T" .m .m .m .m}} {{printf "%v %+v %#v %T" .l .l .l .l}} {{printf "%#v" .nil}}
{{printf "%f %.2f %e %g %G %8.3f|%-8.2f|%08.2f %+f %b %x %X %.3x %#g %F" 1.5 1.255 123456.789 1e21 1e-7 3.14159 2.5 2.5 1.5 1.5 1.5 1.5 1.3 1.0 2.0}}
{{printf "%v %v %v %v %v %v %v" 1e6 123456789.0 1e20 1e21 0.0001 0.00001 100000.0}}
{{printf "%6.2f|%-10g|%+.3e|% .3f|%g|%g|%.3g|%.10g|%#.3g" 3.14159 1.5 12345.678 2.5 100000.0 1e-5 1234567.0 0.1 1.0}}
{{printf "%t %v %5t|%q" true false true true}} {{printf "%s %d" true "x"}} {{printf "%d" 1.5}} {{printf "%s" 5}} {{printf "%z" 1}} {{printf "%!" 1}}
{{printf "%d %d" 1}} {{printf "%d" 1 2 "x"}} {{printf "%"}} {{printf "%d %%" 5}} {{printf "%[2]d %[1]d" 1 2}} {{printf "%[3]d" 1}} {{printf "%[x]d" 1}} {{printf "%[1]" 1}}