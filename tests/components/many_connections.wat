;; Gives back the first error.
(module
    (import "cofferdam:tcp/tcp@0.1.0" "[static]connection.connect" (func $connect (param i32 i32)))
    (func $inspect (param i32) (result i32)
        (loop $more
            (call $connect (local.get 0) (i32.const 1200))
            (br_if $more (i32.eqz (i32.load8_u (i32.const 1200)))))
        (i32.const 1200)))
