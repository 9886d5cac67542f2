(module
    (import "cofferdam:host/report@0.1.0" "log" (func $log (param i32 i32 i32)))
    (import "cofferdam:host/report@0.1.0" "progress" (func $progress (param i32 i32 i64 i32 i64)))
    (func $inspect (param i32) (result i32)
        (loop $for_ever
            (call $log (i32.const 2) (i32.const 1100) (i32.const 4))
            (call $progress (i32.const 1100) (i32.const 4) (i64.const -1) (i32.const 1) (i64.const 0))
            (br $for_ever))
        (unreachable)))
