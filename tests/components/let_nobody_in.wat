;; Answers its first call, and has every later one wait until it says otherwise.
(module
    (import "$root" "[backpressure-inc]" (func $close))
    (func $inspect (param i32) (result i32)
        (call $close) (i32.const 1024)))
