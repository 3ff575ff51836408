#include "cmd/load/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace waaft::load {

// Below 2^(sub_bits+1) a bucket is one value; above, each doubling has 2^sub_bits buckets.
std::size_t Histogram::bucket_of(std::uint64_t value) {
    value = std::min(value, (std::uint64_t{1} << value_bits) - 1);
    const auto width = static_cast<unsigned>(std::bit_width(value));
    if (width <= sub_bits + 1) return value;
    const unsigned shift = width - sub_bits - 1;
    return (std::size_t{shift} << sub_bits) + (value >> shift);
}

std::uint64_t Histogram::top_of(std::size_t bucket) {
    if (bucket < std::size_t{2} << sub_bits) return bucket;
    const std::size_t shift = (bucket >> sub_bits) - 1;
    return (((bucket - (shift << sub_bits)) + 1) << shift) - 1;
}

void Histogram::add(std::uint64_t nanoseconds) {
    ++counts_[bucket_of(nanoseconds)];
    ++count_;
    max_ = std::max(max_, nanoseconds);
}

std::uint64_t Histogram::percentile(double fraction) const {
    const auto wanted = static_cast<std::uint64_t>(std::ceil(fraction * static_cast<double>(count_)));
    std::uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < buckets; ++bucket) {
        seen += counts_[bucket];
        if (seen >= wanted && seen > 0) return std::min(top_of(bucket), max_);
    }
    return 0;
}

}  // namespace waaft::load
