;; Half a character, in UTF-16.
(module
    (import "cofferdam:host/report@0.1.0" "log" (func $log (param i32 i32 i32)))
    (data (i32.const 0) "a\00\00\d8b\00")
    (func $inspect (param i32) (result i32)
        (call $log (i32.const 1) (i32.const 0) (i32.const 3)) (i32.const 1024)))
