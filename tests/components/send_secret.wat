;; Has the secret sent, in the clear. Gives back the error.
(module
    (import "cofferdam:tcp/tcp@0.1.0" "[static]connection.connect" (func $connect (param i32 i32)))
    (import "cofferdam:tcp/secret-write@0.1.0" "write-secret"
        (func $send (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
    (data (i32.const 0) "password")
    (data (i32.const 16) "none")
    (func $inspect (param i32) (result i32)
        (call $connect (local.get 0) (i32.const 1200))
        (if (i32.load8_u (i32.const 1200)) (then (return (i32.const 1200))))
        (call $send (i32.load (i32.const 1204)) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 8)
            (i32.const 16) (i32.const 4) (i32.const 0) (i32.const 0) (i32.const 1300))
        (if (i32.load8_u (i32.const 1300)) (then (return (i32.const 1300))))
        (i32.const 1024)))
