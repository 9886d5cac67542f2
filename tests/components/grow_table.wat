;; Says "done" once it gets no more, and traps if it got ten million elements.
(module
    (table $table 0 funcref)
    (func $inspect (param i32) (result i32)
        (loop $more
            (if (i32.eq (table.grow $table (ref.null func) (i32.const 10000)) (i32.const -1))
                (then (return (i32.const 1024))))
            (br_if $more (i32.lt_u (table.size $table) (i32.const 10000000))))
        (unreachable)))
