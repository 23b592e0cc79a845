{{upper "a" "b"}}
{{upper}}
{{"a" | upper "b"}}
{{add 1 2}} {{add 1 .n}}
{{add 1.5 2}}
{{add 1e3 2}} {{add 'a' 1}} {{u8 300}} {{i8 200}} {{f32 1}}