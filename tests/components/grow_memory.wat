;; Takes what it gets, and then more.
(module
    (memory (export "memory") 1)
    (func $inspect (param i32) (result i32)
        (loop $more (br_if $more (i32.ne (memory.grow (i32.const 16)) (i32.const -1))))
        (unreachable)))
