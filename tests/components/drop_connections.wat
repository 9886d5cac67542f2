;; Opens two hundred connections and drops each; it never has more than one.
(module
    (import "cofferdam:tcp/tcp@0.1.0" "[static]connection.connect" (func $connect (param i32 i32)))
    (import "cofferdam:tcp/tcp@0.1.0" "[resource-drop]connection" (func $drop (param i32)))
    (func $inspect (param i32) (result i32) (local $left i32)
        (local.set $left (i32.const 200))
        (loop $more
            (call $connect (local.get 0) (i32.const 1200))
            (if (i32.load8_u (i32.const 1200)) (then (return (i32.const 1200))))
            (call $drop (i32.load (i32.const 1204)))
            (br_if $more (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
        (i32.const 1024)))
