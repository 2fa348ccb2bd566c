"""What customers are worth, and how sure that is: pure functions on arrays, without I/O and without a clock.

Import the module that you need, in a worker: nothing here is imported by another part of the service when it
starts, and this package imports none of its own modules by itself. Times are in any unit, the same throughout;
money is an amount of one currency.
"""
