;; Calls of the host that are never answered, all at once.
(module
    (import "cofferdam:host/time@0.1.0" "[async-lower]sleep" (func $sleep (param i64) (result i32)))
    (func $inspect (param i32) (result i32)
        (loop $more (drop (call $sleep (i64.const -1))) (br $more)) (unreachable)))
