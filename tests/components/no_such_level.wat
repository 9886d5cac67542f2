;; A level that the enumeration doesn't have.
(module
    (import "cofferdam:host/report@0.1.0" "log" (func $log (param i32 i32 i32)))
    (func $inspect (param i32) (result i32)
        (call $log (i32.const 77) (i32.const 0) (i32.const 0)) (i32.const 1024)))
