-- KEYS key; ARGV channel, name.
own(KEYS[1], 'hash')
tell(KEYS[1], ARGV[1], ARGV[2])
return 1
