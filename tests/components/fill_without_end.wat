;; All the memory that there is, filled by one instruction, again and again.
(module
    (memory (export "memory") 900)
    (func $inspect (param i32) (result i32)
        (loop $for_ever
            (memory.fill (i32.const 0) (i32.const 1) (i32.const 58982400)) (br $for_ever))
        (unreachable)))
