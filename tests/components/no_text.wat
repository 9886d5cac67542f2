;; Bytes that are no UTF-8.
(module
    (import "cofferdam:host/report@0.1.0" "log" (func $log (param i32 i32 i32)))
    (data (i32.const 0) "\ff\fe\c0\80\ed\a0\80")
    (func $inspect (param i32) (result i32)
        (call $log (i32.const 1) (i32.const 0) (i32.const 7)) (i32.const 1024)))
