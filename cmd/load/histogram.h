// How long things took: counts in logarithmic buckets, so that percentiles of millions of values
// cost little memory and are right within 1/64 (1.6 %).
//
// Thread: one. Ownership: values, 32 KiB. Units: nanoseconds, up to 2^48 (78 hours). Errors: none.
#pragma once

#include <array>
#include <cstdint>

namespace waaft::load {

class Histogram {
public:
    void add(std::uint64_t nanoseconds);
    void clear() { *this = {}; }
    std::uint64_t count() const { return count_; }
    std::uint64_t max() const { return max_; }
    // The value that `fraction` (0 to 1) of all values do not exceed; 0 without values.
    std::uint64_t percentile(double fraction) const;

private:
    static constexpr unsigned sub_bits = 6;
    static constexpr unsigned value_bits = 48;
    static constexpr std::size_t buckets = (value_bits - sub_bits + 1) << sub_bits;
    static std::size_t bucket_of(std::uint64_t value);
    static std::uint64_t top_of(std::size_t bucket);

    std::array<std::uint64_t, buckets> counts_{};
    std::uint64_t count_ = 0;
    std::uint64_t max_ = 0;
};

}  // namespace waaft::load
