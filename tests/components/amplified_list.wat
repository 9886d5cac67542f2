;; A list of 100,000 findings that all say the same megabyte: 100 GB out of 5 MiB.
(module
    (memory (export "memory") 80)
    (func $check (param i32 i32 i32 i32 i32) (result i32)
        (local $at i32)
        (memory.fill (i32.const 0) (i32.const 97) (i32.const 1048576))
        (local.set $at (i32.const 1048576))
        (loop $more
            ;; "what" of the finding
            (i32.store (i32.add (local.get $at) (i32.const 20)) (i32.const 1048576))
            (br_if $more (i32.lt_u
                (local.tee $at (i32.add (local.get $at) (i32.const 36))) (i32.const 4648576))))
        (i32.store (i32.const 5000004) (i32.const 1048576))
        (i32.store (i32.const 5000008) (i32.const 100000))
        (i32.const 5000000)))
