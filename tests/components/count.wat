;; Says in a log how often it was asked since it was started, and works for a while.
(module
    (import "cofferdam:host/report@0.1.0" "log" (func $log (param i32 i32 i32)))
    (global $asked (mut i32) (i32.const 48))
    (func $inspect (param i32) (result i32) (local $left i32)
        (global.set $asked (i32.add (global.get $asked) (i32.const 1)))
        (i32.store8 (i32.const 0) (global.get $asked))
        (call $log (i32.const 1) (i32.const 0) (i32.const 1))
        (local.set $left (i32.const 20000000))
        (loop $more
            (br_if $more (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
        (i32.const 1024)))
