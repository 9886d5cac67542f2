;; A string that lies outside of its memory.
(module
    (import "cofferdam:host/report@0.1.0" "log" (func $log (param i32 i32 i32)))
    (func $inspect (param i32) (result i32)
        (call $log (i32.const 1) (i32.const 262140) (i32.const 4096)) (i32.const 1024)))
