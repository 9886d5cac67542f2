;; Asks for an answer to a challenge by a secret's name, as often as it likes. Gives back the error; or sends the answer.
(module
    (import "cofferdam:tcp/tcp@0.1.0" "[static]connection.connect" (func $connect (param i32 i32)))
    (import "cofferdam:tcp/tcp@0.1.0" "[method]connection.write" (func $write (param i32 i32 i32 i32)))
    (import "cofferdam:tcp/secrets@0.1.0" "respond"
        (func $respond (param i32 i32 i32 i32 i32 i32 i32 i32)))
    (data (i32.const 0) "%name%")
    (data (i32.const 512) "mysql-native-password")
    (data (i32.const 600) "abcdefghijklmnopqrst")
    (func $inspect (param i32) (result i32) (local $left i32)
        (local.set $left (i32.const %times%))
        (call $connect (local.get 0) (i32.const 1200))
        (if (i32.load8_u (i32.const 1200)) (then (return (i32.const 1200))))
        (loop $more
            (call $respond (i32.load (i32.const 1204)) (i32.const 0) (i32.const %length%)
                (i32.const 512) (i32.const 21) (i32.const 600) (i32.const 20) (i32.const 1300))
            (if (i32.load8_u (i32.const 1300)) (then (return (i32.const 1300))))
            (br_if $more (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
        (call $write (i32.load (i32.const 1204)) (i32.load (i32.const 1304)) (i32.load (i32.const 1308)) (i32.const 1400))
        (i32.const 1024)))
