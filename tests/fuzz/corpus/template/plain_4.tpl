{{len .s}} {{len .l}} {{len .m}} {{len ""}} {{len nilmap}} {{len (bytes "abc")}} {{len "é"}}
{{len 3}}
{{len nil}}
{{len .nil}}
{{len .missing}}
{{print 1 2 "a" "b" 3}} {{print "a" 1 "b"}} {{print .l nil}} {{println 1 "a"}}|{{print}}|{{println}}