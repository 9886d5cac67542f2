;; Connects to the member that takes writes, and gives back the error.
(module
    (import "cofferdam:mongodb/mongodb@0.1.0" "[static]client.connect" (func $connect (param i32 i32 i32)))
    (func $inspect (param i32) (result i32)
        (call $connect (local.get 0) (i32.const 1) (i32.const 1200))
        (if (i32.load8_u (i32.const 1200)) (then (return (i32.const 1200))))
        (i32.const 1024)))
